'use client'

import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button, buttonClass } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError, useErrorText } from '#app/_ui/form-error.tsx'
import { Select } from '#app/_ui/select.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { addPerson } from '#app/admin/people/actions.ts'
import { ShownLink } from '#app/admin/people/shown-link.tsx'

type Made = { userId: string; link: string; email: string }

/** Makes an account, and shows the link with which its person chooses a password. */
export function NewPersonForm() {
  const t = useTranslations('adminPeople.new')
  const people = useTranslations('adminPeople')
  const errorText = useErrorText()
  const [made, setMade] = useState<Made | null>(null)
  const [role, setRole] = useState<'user' | 'admin'>('user')
  const { formProps, pending, failure, field } = useForm(async (data) => {
    const result = await addPerson(data)
    if (result.ok) setMade({ ...result.data, email: String(data.get('email')) })
    return result
  })
  if (made) {
    return (
      <div className="grid gap-4">
        <p role="status" className="break-words text-sm">
          {t('made', { email: made.email })}
        </p>
        <ShownLink link={made.link} />
        <div className="flex flex-wrap gap-2">
          <Link href={`/admin/people/${made.userId}`} className={buttonClass('primary', 'small')}>
            {t('toPerson')}
          </Link>
          <Button variant="quiet" size="small" onClick={() => setMade(null)}>
            {t('another')}
          </Button>
        </div>
      </div>
    )
  }
  return (
    <form {...formProps} className="grid gap-4">
      <FormError failure={failure} field={field === 'email' || field === 'name' ? field : null} />
      <Field
        id="email"
        type="email"
        inputMode="email"
        label={t('email')}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={254}
        required
        error={field === 'email' && failure && (failure.code === 'email_taken' ? errorText(failure) : t('enterEmail'))}
      />
      <Field
        id="name"
        label={t('name')}
        autoComplete="off"
        maxLength={80}
        required
        error={field === 'name' && t('enterName')}
      />
      <div className="grid gap-1.5">
        <Select
          id="role"
          label={people('role')}
          value={role}
          aria-describedby="role-hint"
          onChange={(event) => setRole(event.target.value === 'admin' ? 'admin' : 'user')}
        >
          <option value="user">{people('roles.user')}</option>
          <option value="admin">{people('roles.admin')}</option>
        </Select>
        <p id="role-hint" className="text-muted text-xs">
          {people(role === 'admin' ? 'change.user.hint' : 'change.admin.hint')}
        </p>
      </div>
      <div>
        <Button type="submit" variant="primary" pending={pending}>
          {t('make')}
        </Button>
      </div>
    </form>
  )
}
