'use server'

import { redirect } from 'next/navigation'
import { action } from '#app/_server/action.ts'
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

export const add = action(addModelInput, async (ctx, input) => {
  const { modelId } = await addModel(ctx, input)
  redirect(modelHref(modelId))
})
export const edit = action(editModelInput, editModel)
export const setVisible = action(setModelVisibleInput, setModelVisible)
export const setDefault = action(setDefaultModelInput, setDefaultModel)
export const addPrice = action(addPriceVersionInput, addPriceVersion)
export const previewPriceChange = action(previewPriceInput, previewPrice)
export const withdrawPrice = action(withdrawPriceVersionInput, withdrawPriceVersion)
