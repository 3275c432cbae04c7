/** The cookie in which a browser says which notice was put away. */
export const NOTICE_COOKIE = 'notice'

/** Names a notice by its words: another one is shown again. */
export function noticeKey(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return hash.toString(36)
}

/** Units that fit into a line of a notice; a Chinese character is two wide. */
const LINE_UNITS = { phone: 40, tablet: 76, desktop: 128 } as const

/**
 * How many lines a notice takes on a phone, a tablet and a desktop, on the safe side: what stands below it has to know
 * its height before it is drawn.
 */
export function noticeLines(text: string): Record<keyof typeof LINE_UNITS, number> {
  let units = 0
  for (const sign of text)
    units += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]/.test(sign) ? 2 : 1
  const lines = (perLine: number) => Math.max(1, Math.ceil(units / perLine))
  return { phone: lines(LINE_UNITS.phone), tablet: lines(LINE_UNITS.tablet), desktop: lines(LINE_UNITS.desktop) }
}
