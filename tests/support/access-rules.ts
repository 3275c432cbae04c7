/**
 * Who may call: `public` anybody, `person` somebody signed in, `admin` an operator, `signed` a service that signs what it
 * says and is no browser, `nobody` is refused whoever asks.
 */
export type Rule = 'public' | 'person' | 'admin' | 'signed' | 'nobody'

// Each entrance of the service and who may use it. A new one fails here until somebody has decided.
export const ROUTES: Record<string, Record<string, Rule>> = {
  'api/[...path]': { DELETE: 'nobody', GET: 'nobody', PATCH: 'nobody', POST: 'nobody', PUT: 'nobody' },
  'api/admin/overview/[by]': { GET: 'admin' },
  'api/admin/people/[id]/statement': { GET: 'admin' },
  'api/admin/people/csv': { GET: 'admin' },
  'api/admin/audit/csv': { GET: 'admin' },
  'api/admin/site-files/[name]': { DELETE: 'admin', PUT: 'admin' },
  'api/auth/[...nextauth]': { GET: 'public', POST: 'public' },
  'api/conversations': { GET: 'person' },
  'api/conversations/[id]': { DELETE: 'person', PATCH: 'person' },
  'api/conversations/[id]/branch': { POST: 'person' },
  'api/conversations/[id]/messages': { GET: 'person' },
  'api/conversations/[id]/restore': { POST: 'person' },
  'api/generations': { POST: 'person' },
  'api/generations/[id]/events': { GET: 'person' },
  'api/generations/[id]/stop': { POST: 'person' },
  'api/generations/retry': { POST: 'person' },
  'api/health': { GET: 'public' },
  'api/orders/[id]': { GET: 'person' },
  'api/payment-codes/[name]': { GET: 'person' },
  'api/payments/stripe': { POST: 'signed' },
  'api/quotes': { POST: 'person' },
  'api/receipts/[id]': { GET: 'person' },
  'api/site-files/[name]': { GET: 'public' },
  'api/statement/csv': { GET: 'person' },
  'api/statement/entries/[seq]': { GET: 'person' },
  'api/status': { GET: 'person' },
}

export const ACTIONS: Record<string, Record<string, Rule>> = {
  '(account)/account/actions.ts': {
    saveName: 'person',
    savePassword: 'person',
    signOutOthers: 'person',
    signOutSession: 'person',
  },
  '(account)/credits/actions.ts': { buy: 'person', redeem: 'person', saveCaps: 'person' },
  '(account)/credits/orders/actions.ts': { cancel: 'person', report: 'person' },
  '(auth)/link/[token]/actions.ts': { openLink: 'public' },
  '(auth)/register/actions.ts': { register: 'public' },
  'admin/_first-steps/actions.ts': { dismissFirstSteps: 'admin' },
  'admin/prompts/actions.ts': { addPrompt: 'admin', deletePrompt: 'admin', editPrompt: 'admin', movePrompt: 'admin' },
  'admin/settings/actions.ts': { saveCurrency: 'admin', saveSettings: 'admin' },
  '_server/preferences.ts': { setLocale: 'public' },
  'admin/people/actions.ts': {
    addPerson: 'admin',
    approveChange: 'admin',
    changeCredits: 'admin',
    changeRole: 'admin',
    disablePerson: 'admin',
    enablePerson: 'admin',
    endPersonSession: 'admin',
    makeLink: 'admin',
    rejectChange: 'admin',
    removePerson: 'admin',
    signOutPerson: 'admin',
  },
}

export const PAGES: Record<string, Rule> = {
  '(account)/account': 'person',
  '(account)/credits': 'person',
  '(account)/credits/[entry]': 'person',
  '(account)/credits/orders': 'person',
  '(account)/credits/orders/[id]': 'person',
  '(auth)/link/[token]': 'public',
  '(auth)/register': 'public',
  '(auth)/sign-in': 'public',
  '(chat)': 'person',
  '(chat)/c/[id]': 'person',
  admin: 'admin',
  'admin/audit': 'admin',
  'admin/prompts': 'admin',
  'admin/settings': 'admin',
  'admin/people': 'admin',
  'admin/people/[id]': 'admin',
  'admin/people/[id]/statement': 'admin',
  'admin/people/[id]/statement/[entry]': 'admin',
  'admin/people/adjustments': 'admin',
  'admin/people/new': 'admin',
}
