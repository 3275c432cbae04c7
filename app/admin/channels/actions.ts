'use server'

import { redirect } from 'next/navigation'
import { adminAction } from '#app/_server/action.ts'
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

export const findModels = adminAction(findVendorModelsInput, (ctx, input) => findVendorModels(ctx, input))
export const findMoreModels = adminAction(findChannelModelsInput, findChannelModels)
export const setUp = adminAction(setUpChannelInput, setUpChannel)
export const addModels = adminAction(addChannelModelsInput, addChannelModels)
export const test = adminAction(testChannelInput, (ctx, input) => testChannel(ctx, input))
export const edit = adminAction(editChannelInput, editChannel)
export const setStatus = adminAction(setChannelStatusInput, setChannelStatus)
export const remove = adminAction(deleteChannelInput, async (ctx, input) => {
  await deleteChannel(ctx, input)
  redirect('/admin/channels')
})
export const addToPool = adminAction(addKeyInput, addKey)
export const setPoolKeyStatus = adminAction(setKeyStatusInput, setKeyStatus)
export const removeFromPool = adminAction(removeKeyInput, removeKey)
export const unlink = adminAction(unlinkModelInput, unlinkModel)
