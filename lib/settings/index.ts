export type { SettingKey, Settings } from './definitions.ts'
export {
  findSiteFile,
  listPaymentCodes,
  listSiteFiles,
  type PaymentCodeName,
  type SiteFileName,
  setSiteFile,
  siteFileName,
} from './files.ts'
export {
  type ChangeSettingsInput,
  changeSettings,
  changeSettingsInput,
  getSetting,
  getSettings,
  listSettings,
  readSetting,
  type SettingState,
  type SettingStates,
  setSetting,
} from './settings.ts'
export { DEFAULT_SITE, getSite, type Site } from './site.ts'
