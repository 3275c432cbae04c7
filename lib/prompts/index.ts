export {
  addSitePrompt,
  deleteSitePrompt,
  listSitePrompts,
  listStarters,
  moveSitePrompt,
  type SitePrompt,
  type Starter,
  updateSitePrompt,
} from './prompts.ts'
