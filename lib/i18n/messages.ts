import type { Locale } from './locale.ts'
import enAccount from './messages/en/account.json'
import enAdmin from './messages/en/admin.json'
import enAdminModels from './messages/en/adminModels.json'
import enAdminMoney from './messages/en/adminMoney.json'
import enAdminOverview from './messages/en/adminOverview.json'
import enAdminPeople from './messages/en/adminPeople.json'
import enAdminService from './messages/en/adminService.json'
import enAuth from './messages/en/auth.json'
import enChat from './messages/en/chat.json'
import enCommon from './messages/en/common.json'
import enCredits from './messages/en/credits.json'
import enErrors from './messages/en/errors.json'
import enFront from './messages/en/front.json'
import enOrders from './messages/en/orders.json'
import enReceipt from './messages/en/receipt.json'
import zhAccount from './messages/zh-CN/account.json'
import zhAdmin from './messages/zh-CN/admin.json'
import zhAdminModels from './messages/zh-CN/adminModels.json'
import zhAdminMoney from './messages/zh-CN/adminMoney.json'
import zhAdminOverview from './messages/zh-CN/adminOverview.json'
import zhAdminPeople from './messages/zh-CN/adminPeople.json'
import zhAdminService from './messages/zh-CN/adminService.json'
import zhAuth from './messages/zh-CN/auth.json'
import zhChat from './messages/zh-CN/chat.json'
import zhCommon from './messages/zh-CN/common.json'
import zhCredits from './messages/zh-CN/credits.json'
import zhErrors from './messages/zh-CN/errors.json'
import zhFront from './messages/zh-CN/front.json'
import zhOrders from './messages/zh-CN/orders.json'
import zhReceipt from './messages/zh-CN/receipt.json'

const english = {
  account: enAccount,
  admin: enAdmin,
  adminModels: enAdminModels,
  adminMoney: enAdminMoney,
  adminOverview: enAdminOverview,
  adminPeople: enAdminPeople,
  adminService: enAdminService,
  auth: enAuth,
  chat: enChat,
  common: enCommon,
  credits: enCredits,
  errors: enErrors,
  front: enFront,
  orders: enOrders,
  receipt: enReceipt,
}

/** All texts of one language by namespace. English is the shape that the others follow. */
export type Messages = typeof english
export type Namespace = keyof Messages

const catalogues: Record<Locale, Messages> = {
  en: english,
  'zh-CN': {
    account: zhAccount,
    admin: zhAdmin,
    adminModels: zhAdminModels,
    adminMoney: zhAdminMoney,
    adminOverview: zhAdminOverview,
    adminPeople: zhAdminPeople,
    adminService: zhAdminService,
    auth: zhAuth,
    chat: zhChat,
    common: zhCommon,
    credits: zhCredits,
    errors: zhErrors,
    front: zhFront,
    orders: zhOrders,
    receipt: zhReceipt,
  },
}

/** The texts of one language. */
export function getMessages(locale: Locale): Messages {
  return catalogues[locale]
}

/** Only some namespaces of the texts: what one part of the pages sends to the browser. */
export function pickMessages(locale: Locale, namespaces: readonly Namespace[]): Partial<Messages> {
  return Object.fromEntries(namespaces.map((namespace) => [namespace, catalogues[locale][namespace]]))
}
