'use server'

import { redirect } from 'next/navigation'
import { adminAction } from '#app/_server/action.ts'
import { modelHref } from '#app/admin/models/model-href.ts'
import {
  addModel,
  addModelInput,
  addPriceVersion,
  addPriceVersionInput,
  editModel,
  editModelInput,
  previewPrice,
  previewPriceInput,
  setDefaultModel,
  setDefaultModelInput,
  setModelVisible,
  setModelVisibleInput,
  withdrawPriceVersion,
  withdrawPriceVersionInput,
} from '#lib/models/index.ts'

export const add = adminAction(addModelInput, async (ctx, input) => {
  const { modelId } = await addModel(ctx, input)
  redirect(modelHref(modelId))
})
export const edit = adminAction(editModelInput, editModel)
export const setVisible = adminAction(setModelVisibleInput, setModelVisible)
export const setDefault = adminAction(setDefaultModelInput, setDefaultModel)
export const addPrice = adminAction(addPriceVersionInput, addPriceVersion)
export const previewPriceChange = adminAction(previewPriceInput, previewPrice)
export const withdrawPrice = adminAction(withdrawPriceVersionInput, withdrawPriceVersion)
