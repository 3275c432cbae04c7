'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Dialog } from '#app/_ui/dialog.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { makeLink } from '#app/admin/people/actions.ts'
import { ShownLink } from '#app/admin/people/shown-link.tsx'

/** Makes a sign-in link for a person and shows it, this once. */
export function LinkDialog({ userId, hasPassword }: { userId: string; hasPassword: boolean }) {
  const t = useTranslations('adminPeople.link')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="small" aria-haspopup="dialog" className="needs-script" onClick={() => setOpen(true)}>
        {t('button')}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t('title')}>
        <LinkForm userId={userId} hasPassword={hasPassword} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  )
}

function LinkForm({ userId, hasPassword, onClose }: { userId: string; hasPassword: boolean; onClose: () => void }) {
  const t = useTranslations('adminPeople.link')
  const admin = useTranslations('admin')
  const common = useTranslations('common')
  const [link, setLink] = useState<string | null>(null)
  const { formProps, pending, failure, field } = useForm(async (data) => {
    const result = await makeLink(data)
    if (result.ok) setLink(result.data.link)
    return result
  })
  if (link !== null) {
    return (
      <div className="grid gap-4">
        <ShownLink link={link} />
        <Button size="small" className="justify-self-end" onClick={onClose}>
          {common('close')}
        </Button>
      </div>
    )
  }
  return (
    <form {...formProps} className="grid gap-4">
      <div className="grid gap-2 text-muted text-sm">
        <p>{t('text')}</p>
        <p>{t(hasPassword ? 'oldPassword' : 'noPassword')}</p>
      </div>
      <FormError failure={failure} field={field === 'reason' ? field : null} />
      <input type="hidden" name="userId" value={userId} />
      <Field
        id="link-reason"
        name="reason"
        label={admin('reason')}
        hint={admin('reasonHint')}
        required
        maxLength={500}
        autoComplete="off"
        error={field === 'reason' && admin('reasonNeeded')}
      />
      <div className="flex flex-wrap justify-end gap-2">
        <Button variant="quiet" onClick={onClose}>
          {admin('cancel')}
        </Button>
        <Button type="submit" variant="primary" pending={pending}>
          {t('make')}
        </Button>
      </div>
    </form>
  )
}
