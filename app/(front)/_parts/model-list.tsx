import { getTranslations } from 'next-intl/server'
import type { FrontFacts } from '#app/_server/front-facts.ts'
import { ModelName } from '#app/(front)/_parts/model-name.tsx'
import { amountsIn } from '#app/(front)/_parts/offer.ts'

/** So many fit on the front page; the rest is on the page of prices. */
const SHOWN = 12

/** What the models cost, as the composer says it. */
export async function ModelList({ models, currency }: Pick<FrontFacts, 'models' | 'currency'>) {
  const [t, { rounded, worth }] = await Promise.all([getTranslations('front.models'), amountsIn(currency)])
  return (
    <section aria-labelledby="models">
      <h2 id="models" className="font-semibold text-xl">
        {t('title')}
      </h2>
      {models.length === 0 ? (
        <p className="mt-2 text-muted">{t('none')}</p>
      ) : (
        <>
          <p className="mt-1 text-muted text-sm">{t('hint', { worth })}</p>
          <table aria-labelledby="models" className="figures mt-4 w-full border-collapse text-sm">
            <thead className="text-muted text-xs">
              <tr>
                <th scope="col" className="border-line border-b py-2 text-start font-normal">
                  {t('model')}
                </th>
                <th scope="col" className="w-20 border-line border-b py-2 text-end font-normal sm:w-32">
                  {t('input')}
                </th>
                <th scope="col" className="w-20 border-line border-b py-2 text-end font-normal sm:w-32">
                  {t('output')}
                </th>
              </tr>
            </thead>
            <tbody>
              {models.slice(0, SHOWN).map((model) => (
                <tr key={model.id} className="align-baseline">
                  <th scope="row" className="border-line border-b py-2.5 pe-3 text-start font-normal wrap-anywhere">
                    <ModelName model={model} />
                  </th>
                  <td className="border-line border-b py-2.5 text-end">{rounded(model.inputMicros)}</td>
                  <td className="border-line border-b py-2.5 text-end">{rounded(model.outputMicros)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="mt-3 text-sm">
            <a
              href="/prices"
              className="inline-flex items-center font-medium text-accent underline-offset-4 hover:underline touch:min-h-11"
            >
              {t('all', { count: models.length })}
            </a>
          </p>
        </>
      )}
    </section>
  )
}
