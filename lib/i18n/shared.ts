export { LOCALE_NAMES, LOCALES, type Locale } from './locale.ts'
