import { getFormatter, getTranslations } from 'next-intl/server'
import { describeDevice } from '#app/_ui/device.ts'
import { EndSession, SignOutEverywhere } from '#app/admin/people/_person/session-actions.tsx'
import type { SessionSummary } from '#lib/auth/index.ts'

type SessionsProps = { userId: string; name: string; isSelf: boolean; sessions: readonly SessionSummary[] }

/** Where a person is signed in. */
export async function Sessions({ userId, name, isSelf, sessions }: SessionsProps) {
  const [t, account, format] = await Promise.all([
    getTranslations('adminPeople.sessions'),
    getTranslations('account'),
    getFormatter(),
  ])
  const now = new Date()
  if (sessions.length === 0) return <p className="text-muted text-sm">{t('none')}</p>
  return (
    <>
      <ul className="-my-1 divide-y divide-line">
        {sessions.map((session) => {
          const known = describeDevice(session.userAgent)
          const device = known ? account('device', known) : account('unknownDevice')
          return (
            <li key={session.id} className="flex min-h-14 items-center justify-between gap-3 py-2">
              <div className="min-w-0">
                <p className="truncate text-sm">{device}</p>
                <p className="text-muted text-xs">
                  {session.current
                    ? account('thisDevice')
                    : account('lastActive', { ago: format.relativeTime(session.lastSeenAt, now) })}
                  {session.ip && <span className="figures block break-all">{session.ip}</span>}
                </p>
              </div>
              {!session.current && <EndSession userId={userId} sessionId={session.id} device={device} />}
            </li>
          )
        })}
      </ul>
      {!isSelf && (
        <div className="mt-3 border-line border-t pt-4">
          <SignOutEverywhere userId={userId} name={name} />
        </div>
      )}
    </>
  )
}
