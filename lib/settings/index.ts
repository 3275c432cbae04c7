export type { SettingKey, Settings } from './definitions.ts'
export { findSiteFile, listSiteFiles, type SiteFileName, setSiteFile } from './files.ts'
export { getSetting, getSettings, readSetting, setSetting } from './settings.ts'
