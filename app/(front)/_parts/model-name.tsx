import { getTranslations } from 'next-intl/server'
import { type ModelPrices, nameOfVendor } from '#lib/models/index.ts'

/** What a model is called and who makes it. */
export async function ModelName({ model, detail }: { model: ModelPrices; detail?: string }) {
  const t = await getTranslations('front.models')
  // A vendor without a name of ours is an id that only the operator understands.
  const vendor = nameOfVendor(model.vendor)
  const small = model.demo ? [t('demo')] : [vendor === model.vendor ? '' : vendor, detail]
  return (
    <>
      <span className="font-medium">{model.displayName}</span>
      <span className="block text-muted text-xs empty:hidden">{small.filter(Boolean).join(' · ')}</span>
    </>
  )
}
