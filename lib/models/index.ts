export { getDefaultModel, listModels, listPrices } from './catalogue.ts'
export {
  baseUrl as channelBaseUrl,
  proxyUrl as channelProxy,
  reachOf,
  requireAddresses,
  vendorId,
  vendorKey,
} from './channel-fields.ts'
export {
  addKey,
  addKeyInput,
  type KeyVerdict,
  markKey,
  noteKeyTest,
  openKeys,
  removeKey,
  removeKeyInput,
  setKeyStatus,
  setKeyStatusInput,
} from './channel-keys.ts'
export { type ChannelSummary, getChannel, getChannelInput, listChannels } from './channel-list.ts'
export {
  type AddChannelInput,
  addChannel,
  deleteChannel,
  deleteChannelInput,
  editChannel,
  editChannelInput,
  linkModel,
  setChannelStatus,
  setChannelStatusInput,
  unlinkModel,
  unlinkModelInput,
} from './channels.ts'
export { catalogueOf, FOUND_MAX, matchModels } from './matching.ts'
export {
  addModel,
  addModelInput,
  editModel,
  editModelInput,
  setDefaultModel,
  setDefaultModelInput,
  setModelVisible,
  setModelVisibleInput,
} from './model-edit.ts'
export { getModelInput, getOperatedModel, listOperatedModels, type OperatedModel } from './model-list.ts'
export { previewPrice, previewPriceInput } from './price-preview.ts'
export {
  addPriceVersion,
  addPriceVersionInput,
  listPriceVersions,
  withdrawPriceVersion,
  withdrawPriceVersionInput,
} from './price-versions.ts'
export { type SetModelInput, setModel } from './prices.ts'
export { isReachable } from './reach.ts'
export { findTestModel, listRoutes, type OpenChannel, openChannel, type Route, type TestModel } from './routes.ts'
export { type SeedReport, seedDatabase } from './seed.ts'
export { addChannelModels, addChannelModelsInput, setUpChannel, setUpChannelInput } from './set-up.ts'
export type { ModelPrices, ModelSummary } from './shared.ts'
export { nameOfVendor } from './vendors.ts'
