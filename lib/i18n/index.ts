export { LOCALE_COOKIE, LOCALES, type Locale, resolveLocale } from './locale.ts'
export { getMessages, type Messages, type Namespace, pickMessages } from './messages.ts'
