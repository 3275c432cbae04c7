export type { SettingKey, Settings } from './definitions.ts'
export { getSetting, getSettings, readSetting, setSetting } from './settings.ts'
