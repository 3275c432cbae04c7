export type { SettingKey, Settings } from './definitions.ts'
export { getSetting, getSettings, setSetting } from './settings.ts'
