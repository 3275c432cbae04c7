import { route } from '#app/_server/route.ts'
import { getStatementEntry, getStatementEntryInput } from '#lib/inference/index.ts'

export const GET = route({ input: getStatementEntryInput, auth: 'user' }, getStatementEntry)
