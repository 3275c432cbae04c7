'use server'

import { redirect } from 'next/navigation'
import { action } from '#app/_server/action.ts'
import {
  findChannelModels,
  findChannelModelsInput,
  findVendorModels,
  findVendorModelsInput,
  testChannel,
  testChannelInput,
} from '#lib/inference/index.ts'
import {
  addChannelModels,
  addChannelModelsInput,
  addKey,
  addKeyInput,
  deleteChannel,
  deleteChannelInput,
  editChannel,
  editChannelInput,
  removeKey,
  removeKeyInput,
  setChannelStatus,
  setChannelStatusInput,
  setKeyStatus,
  setKeyStatusInput,
  setUpChannel,
  setUpChannelInput,
  unlinkModel,
  unlinkModelInput,
} from '#lib/models/index.ts'

export const findModels = action(findVendorModelsInput, (ctx, input) => findVendorModels(ctx, input))
export const findMoreModels = action(findChannelModelsInput, findChannelModels)
export const setUp = action(setUpChannelInput, setUpChannel)
export const addModels = action(addChannelModelsInput, addChannelModels)
export const test = action(testChannelInput, (ctx, input) => testChannel(ctx, input))
export const edit = action(editChannelInput, editChannel)
export const setStatus = action(setChannelStatusInput, setChannelStatus)
export const remove = action(deleteChannelInput, async (ctx, input) => {
  await deleteChannel(ctx, input)
  redirect('/admin/channels')
})
export const addToPool = action(addKeyInput, addKey)
export const setPoolKeyStatus = action(setKeyStatusInput, setKeyStatus)
export const removeFromPool = action(removeKeyInput, removeKey)
export const unlink = action(unlinkModelInput, unlinkModel)
