import type { DemoFacts } from '#tests/support/admin-visits.ts'

/** Rows that a call names: somebody's, or such as nobody has. */
export type Named = DemoFacts & {
  conversationId: string
  questionId: string
  answerId: string
  generationId: string
  sessionId: string
  adjustmentId: string
  keyId: string
}

type Input = Record<string, unknown>

/**
 * Values for the fields of forms, by name: an action takes those that it knows. Where two actions mean different things by
 * a name, see `ACTION_INPUTS`.
 */
export function fieldsOf(named: Named): Input {
  return {
    ...named,
    userId: named.personId,
    id: named.orderId,
    requestId: '01900000-0000-7000-8000-0000000000aa',
    name: 'N',
    displayName: 'N',
    title: 'T',
    text: 'X',
    reason: 'because of a test',
    note: 'N',
    code: 'C',
    currentPassword: 'x',
    password: 'tram lamp seven',
    confirmEmail: named.email,
    day: '',
    month: '',
    method: 'card',
    amount: '1',
    credits: '1',
    bonus: '',
    price: '1',
    currency: 'USD',
    count: '1',
    usesPerCode: '1',
    codesPerPerson: '1',
    creditsLastDays: '',
    position: '1',
    what: 'gift',
    role: 'user',
    status: 'active',
    version: '1',
    vendor: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    key: 'sk-of-a-test',
    models: [],
    confirmName: 'N',
    visible: 'true',
    isDefault: 'true',
    input: '1',
    output: '1',
    priority: '0',
    weight: '1',
    contextTokens: '1000',
    maxOutputTokens: '500',
    defaultMaxOutput: '500',
    minOutput: '100',
    outputCapField: 'max_tokens',
    priceVersionId: named.keyId,
    direction: 'up',
  }
}

/** What is otherwise with an action: a row only where the fields above do not do. */
export const ACTION_INPUTS: Record<string, Record<string, ActionInput>> = {
  'admin/channels/actions.ts': { findModels: { admin: false } },
  // It goes on when the request is over.
  'admin/ledger/actions.ts': { verifyNow: { admin: false } },
  'admin/prompts/actions.ts': {
    addPrompt: { input: () => ({ visible: true }) },
    deletePrompt: { input: () => ({ version: 1 }) },
    editPrompt: { input: () => ({ visible: true, version: 1 }) },
  },
  'admin/settings/actions.ts': {
    saveCurrency: { input: () => ({ version: 1 }) },
    saveSettings: { input: () => ({ changes: { registration: 'closed' } }) },
  },
}

type ActionInput = {
  input?: (named: Named) => Input
  /** Not let to try: what an admin would begin reaches outside of the test. */
  admin?: false
}

export type RouteCall = {
  params?: Input
  query?: string
  body?: Input
  /** What somebody gets who is signed in and whose row it is not; what is nobody's is 200. */
  other: 200 | 404
}

/** How each route for people is called with somebody's row, by method. */
export const ROUTE_CALLS: Record<string, Record<string, (named: Named) => RouteCall>> = {
  'api/conversations': { GET: () => ({ other: 200 }) },
  'api/conversations/[id]': {
    DELETE: (n) => ({ params: { id: n.conversationId }, other: 404 }),
    PATCH: (n) => ({ params: { id: n.conversationId }, body: { title: 'mine now' }, other: 404 }),
  },
  'api/conversations/[id]/branch': {
    POST: (n) => ({ params: { id: n.conversationId }, body: { messageId: n.answerId }, other: 404 }),
  },
  'api/conversations/[id]/messages': { GET: (n) => ({ params: { id: n.conversationId }, other: 404 }) },
  'api/conversations/[id]/restore': { POST: (n) => ({ params: { id: n.conversationId }, other: 404 }) },
  'api/generations': {
    POST: (n) => ({
      body: {
        requestId: '01900000-0000-7000-8000-0000000000ab',
        conversationId: n.conversationId,
        parentId: n.answerId,
        modelId: n.modelId,
        text: 'X',
      },
      other: 404,
    }),
  },
  'api/generations/[id]/events': { GET: (n) => ({ params: { id: n.generationId }, other: 404 }) },
  'api/generations/[id]/stop': { POST: (n) => ({ params: { id: n.generationId }, other: 404 }) },
  'api/generations/retry': {
    POST: (n) => ({
      body: {
        requestId: '01900000-0000-7000-8000-0000000000ac',
        conversationId: n.conversationId,
        messageId: n.answerId,
        modelId: n.modelId,
      },
      other: 404,
    }),
  },
  'api/orders/[id]': { GET: (n) => ({ params: { id: n.orderId }, other: 404 }) },
  'api/payment-codes/[name]': { GET: () => ({ params: { name: 'nothing' }, other: 404 }) },
  'api/quotes': {
    POST: (n) => ({
      body: { conversationId: n.conversationId, parentId: n.answerId, modelId: n.modelId, text: 'X' },
      other: 404,
    }),
  },
  'api/receipts/[id]': { GET: (n) => ({ params: { id: n.callId }, other: 404 }) },
  'api/statement/csv': { GET: () => ({ other: 200 }) },
  'api/statement/entries/[seq]': { GET: () => ({ params: { seq: '999999999' }, other: 404 }) },
  'api/status': { GET: () => ({ other: 200 }) },
}

/** Actions that name a row of somebody's. To anybody else it is as if it were not there. */
export const ACTIONS_ON_ROWS = new Set(['signOutSession', 'cancel', 'report'])

/** Pages of one person's rows. */
export const PAGES_ON_ROWS: Record<string, (named: Named) => Record<string, string>> = {
  '(account)/credits/[entry]': () => ({ entry: '999999999' }),
  '(account)/credits/orders/[id]': (n) => ({ id: n.orderId }),
  '(chat)/c/[id]': (n) => ({ id: n.conversationId }),
}
