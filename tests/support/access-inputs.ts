import type { ErrorCode } from '#lib/errors.ts'
import type { DemoFacts } from '#tests/support/admin-visits.ts'

/** Rows that calls name: somebody's, and those with which an operator could do something. */
export type Named = DemoFacts & {
  conversationId: string
  questionId: string
  answerId: string
  generationId: string
  sessionId: string
  disabledId: string
  adjustmentId: string
  otherAdjustmentId: string
  channelName: string
  channelBaseUrl: string
  keyId: string
  plannedPriceId: string
  plannedModelId: string
  promptId: string
  otherPromptId: string
  orderToConfirmId: string
  orderToRejectId: string
  orderToRefundId: string
  disputedOrderId: string
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
    confirmName: named.channelName,
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
    priceVersionId: named.plannedPriceId,
    direction: 'up',
  }
}

/** What is otherwise with an action: a row only where the fields above do not do. */
export const ACTION_INPUTS: Record<string, Record<string, ActionInput>> = {
  'admin/calls/actions.ts': { creditBack: { input: () => ({ credits: '0.000001' }) } },
  'admin/channels/actions.ts': {
    addModels: {
      input: () => ({ models: [{ from: 'hand', vendorModel: 'x', model: { id: 'x', input: '1', output: '1' } }] }),
    },
    // Its own address: at another host its keys would be forgotten, and those below are about one.
    edit: { input: (named) => ({ name: named.channelName, baseUrl: named.channelBaseUrl }) },
    findModels: { admin: 'reaches outside' },
    findMoreModels: { admin: 'reaches outside' },
    setPoolKeyStatus: { input: () => ({ status: 'disabled' }) },
    setStatus: { input: () => ({ status: 'disabled' }) },
    test: { admin: 'reaches outside' },
  },
  // It goes on when the request is over.
  'admin/ledger/actions.ts': { verifyNow: { admin: 'reaches outside' } },
  'admin/models/actions.ts': {
    // Its version is another one once it has another price.
    edit: { input: (named) => ({ modelId: named.plannedModelId }) },
    previewPriceChange: { admin: 'changes nothing' },
    setVisible: { input: () => ({ visible: 'false' }) },
    withdrawPrice: { input: (named) => ({ modelId: named.plannedModelId }) },
  },
  'admin/orders/actions.ts': {
    confirm: { input: (named) => ({ orderId: named.orderToConfirmId }) },
    forgive: { input: (named) => ({ orderId: named.disputedOrderId }) },
    reconcile: { admin: 'payments_off' },
    refund: { input: (named) => ({ orderId: named.orderToRefundId }) },
    reject: { input: (named) => ({ orderId: named.orderToRejectId }) },
  },
  'admin/people/actions.ts': {
    addPerson: { input: () => ({ email: 'new@example.com' }) },
    // It is the admin's own, and asks for a second one.
    approveChange: { admin: 'forbidden' },
    changeRole: { input: () => ({ role: 'admin' }) },
    enablePerson: { input: (named) => ({ userId: named.disabledId }) },
    rejectChange: { input: (named) => ({ adjustmentId: named.otherAdjustmentId }) },
  },
  'admin/prompts/actions.ts': {
    addPrompt: { input: () => ({ visible: true }) },
    deletePrompt: { input: (named) => ({ id: named.otherPromptId, version: 1 }) },
    editPrompt: { input: (named) => ({ id: named.promptId, visible: true, version: 1 }) },
    movePrompt: { input: (named) => ({ id: named.promptId }) },
  },
  'admin/settings/actions.ts': {
    // People have paid in it.
    saveCurrency: { input: () => ({ version: 1, currency: 'EUR' }), admin: 'conflict' },
    saveSettings: { input: () => ({ changes: { registration: 'closed' } }) },
  },
}

type ActionInput = {
  input?: (named: Named) => Input
  /**
   * What comes of it when an admin does it, where nothing changes: only read, or refused with this code. What reaches
   * outside of the test they do not try.
   */
  admin?: 'reaches outside' | 'changes nothing' | ErrorCode
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
