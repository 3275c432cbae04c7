export {
  addSitePrompt,
  addSitePromptInput,
  deleteSitePrompt,
  deleteSitePromptInput,
  listSitePrompts,
  listStarters,
  moveSitePrompt,
  moveSitePromptInput,
  type SitePrompt,
  type Starter,
  updateSitePrompt,
  updateSitePromptInput,
} from './prompts.ts'
