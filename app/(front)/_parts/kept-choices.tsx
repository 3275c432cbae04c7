import { headers } from 'next/headers'
import { SHARED_HEADER } from '#app/_server/page-path.ts'
import { getSite } from '#app/_server/site.ts'
import { NOTICE_COOKIE, noticeKey } from '#app/_ui/notice-key.ts'
import { THEME_COOKIE } from '#app/_ui/theme.ts'

/**
 * What this browser has chosen, on a page that a cache keeps for everybody: the theme, and that the notice is put away.
 * It runs before anything is painted; without JavaScript nothing could have been chosen.
 */
export async function KeptChoices() {
  const head = await headers()
  if (!head.has(SHARED_HEADER)) return null
  const { notice } = await getSite()
  const away =
    notice?.dismissable && `if(kept.includes('${NOTICE_COOKIE}=${noticeKey(notice.text)}'))page.notice='away'`
  return (
    <script nonce={head.get('x-nonce') ?? undefined}>
      {`{const kept=document.cookie.split('; '),page=document.documentElement.dataset
const theme=kept.find((one)=>/^${THEME_COOKIE}=(light|dark)$/.test(one))
if(theme)page.theme=theme.slice(${THEME_COOKIE.length + 1})
${away || ''}}`}
    </script>
  )
}
