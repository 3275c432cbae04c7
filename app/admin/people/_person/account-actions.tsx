'use client'

import { useTranslations } from 'next-intl'
import { Field } from '#app/_ui/field.tsx'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { changeRole, disablePerson, enablePerson, removePerson } from '#app/admin/people/actions.ts'

type AccountActionsProps = {
  userId: string
  name: string
  email: string
  role: 'user' | 'admin'
  status: 'active' | 'disabled'
  /** What is left in the wallet, for reading; null when nothing is. */
  left: string | null
}

/** What changes or ends an account; each says before what will happen. */
export function AccountActions({ userId, name, email, role, status, left }: AccountActionsProps) {
  const t = useTranslations('adminPeople')
  const nextRole = role === 'admin' ? 'user' : 'admin'
  const turn = status === 'active' ? 'disable' : 'enable'
  return (
    <ul className="divide-y divide-line">
      <Item title={t(`roles.${role}`)} text={t(`change.${nextRole}.hint`)}>
        <ActionDialog
          label={t(`change.${nextRole}.button`)}
          title={t(`change.${nextRole}.title`, { name })}
          text={<Sentences texts={[t(`change.${nextRole}.text`), t(`change.${nextRole}.then`)]} />}
          confirm={t(`change.${nextRole}.button`)}
          values={{ userId, role: nextRole }}
          reason
          action={changeRole}
        />
      </Item>
      <Item title={t(`${turn}.heading`)} text={t(`${turn}.hint`)}>
        <ActionDialog
          label={t(`${turn}.button`)}
          title={t(`${turn}.title`, { name })}
          text={<Sentences texts={[t(`${turn}.text`), t(`${turn}.then`)]} />}
          confirm={t(`${turn}.button`)}
          variant={turn === 'disable' ? 'danger' : 'secondary'}
          values={{ userId }}
          reason
          action={turn === 'disable' ? disablePerson : enablePerson}
        />
      </Item>
      <Item title={t('delete.heading')} text={t('delete.hint')}>
        <ActionDialog
          label={t('delete.button')}
          title={t('delete.title', { name })}
          text={
            <ul className="grid list-disc gap-1.5 ps-5">
              <li>{t('delete.account')}</li>
              <li>{t('delete.conversations')}</li>
              <li>{left === null ? t('delete.walletEmpty') : t('delete.wallet', { amount: left })}</li>
              <li>{t('delete.stays')}</li>
              <li>{t('delete.forGood')}</li>
            </ul>
          }
          confirm={t('delete.confirm')}
          variant="danger"
          values={{ userId }}
          fields={(fault) => (
            <Field
              id="delete-email"
              name="email"
              label={t('delete.email')}
              hint={<span className="break-all">{email}</span>}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              required
              error={fault('email') && t('delete.otherEmail')}
            />
          )}
          reason
          leadsTo="/admin/people"
          action={removePerson}
        />
      </Item>
    </ul>
  )
}

function Item({ title, text, children }: { title: string; text: string; children: React.ReactNode }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1 basis-48">
        <p className="font-medium text-sm">{title}</p>
        <p className="text-muted text-xs">{text}</p>
      </div>
      {children}
    </li>
  )
}

function Sentences({ texts }: { texts: string[] }) {
  return (
    <div className="grid gap-2">
      {texts.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </div>
  )
}
