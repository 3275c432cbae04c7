import { route } from '#app/_server/route.ts'
import { MESSAGE_BYTES_MAX, quoteMessage, quoteMessageInput } from '#lib/chat/index.ts'

// In JSON a quote or a line's end takes two bytes; beside the text there is little else.
const maxBytes = 2 * MESSAGE_BYTES_MAX + 10_000

/** What a message would cost at most if it were sent now. */
export const POST = route({ input: quoteMessageInput, auth: 'user', maxBytes }, quoteMessage)
