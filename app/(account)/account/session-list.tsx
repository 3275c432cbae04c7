import { getFormatter, getTranslations } from 'next-intl/server'
import { describeDevice } from '#app/_ui/device.ts'
import { signOutOthers, signOutSession } from '#app/(account)/account/actions.ts'
import { RevokeButton } from '#app/(account)/account/revoke-button.tsx'
import type { SessionSummary } from '#lib/auth/index.ts'

// A use is noted once a minute, so within two it is going on.
const ACTIVE_MS = 120_000

export async function SessionList({ sessions }: { sessions: SessionSummary[] }) {
  const [t, format] = await Promise.all([getTranslations('account'), getFormatter()])
  const now = new Date()

  function nameOf(session: SessionSummary): string {
    const device = describeDevice(session.userAgent)
    return device ? t('device', device) : t('unknownDevice')
  }

  function lastSeen(session: SessionSummary): string {
    if (now.getTime() - session.lastSeenAt.getTime() < ACTIVE_MS) return t('activeNow')
    return t('lastActive', { ago: format.relativeTime(session.lastSeenAt, now) })
  }

  return (
    <>
      <ul className="-my-1 divide-y divide-line">
        {sessions.map((session) => (
          <li key={session.id} className="flex min-h-14 items-center justify-between gap-4 py-2">
            <div className="min-w-0">
              <p className="truncate text-sm">{nameOf(session)}</p>
              <p className="truncate text-muted text-xs">
                {session.current ? t('thisDevice') : lastSeen(session)}
                {session.ip && <span className="figures"> · {session.ip}</span>}
              </p>
            </div>
            {!session.current && (
              <RevokeButton
                revoke={signOutSession.bind(null, { sessionId: session.id })}
                label={t('revokeLabel', { device: nameOf(session) })}
              >
                {t('revoke')}
              </RevokeButton>
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <div className="mt-3 border-line border-t pt-4">
          <RevokeButton revoke={signOutOthers.bind(null, {})}>{t('revokeOthers')}</RevokeButton>
        </div>
      )}
    </>
  )
}
