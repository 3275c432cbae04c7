import { getTranslations } from 'next-intl/server'
import type { FrontFacts } from '#app/_server/front-facts.ts'
import { ModelName } from '#app/(front)/_parts/model-name.tsx'
import { amountsIn, kindsOf } from '#app/(front)/_parts/offer.ts'

/** Every price of every model, exact; on a phone each model is a card. */
export async function PriceTable({ models, currency }: Pick<FrontFacts, 'models' | 'currency'>) {
  const [t, { exact, tokens, worth }] = await Promise.all([getTranslations('front.models'), amountsIn(currency)])
  const kinds = kindsOf(models)
  const columns = (['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning', 'request'] as const).filter(
    (kind) => kind === 'input' || kind === 'output' || kinds[kind],
  )
  return (
    <section>
      <h1 id="prices" className="font-semibold text-2xl">
        {t('title')}
      </h1>
      {models.length === 0 ? (
        <p className="mt-3 text-muted">{t('none')}</p>
      ) : (
        <>
          <p className="mt-2 text-muted">{t('hint', { worth })}</p>
          <div className="mt-6 sm:overflow-x-auto">
            <table aria-labelledby="prices" className="data-table figures w-full text-sm">
              <thead className="text-muted text-xs">
                <tr>
                  <th scope="col" className="text-start">
                    {t('model')}
                  </th>
                  {columns.map((kind) => (
                    <th key={kind} scope="col" className="text-end">
                      {t(kind)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {models.map((model) => (
                  <tr key={model.id}>
                    <td className="data-wide">
                      <div>
                        <ModelName model={model} detail={t('context', { tokens: tokens(model.contextTokens) })} />
                      </div>
                    </td>
                    {columns.map((kind) => (
                      <td key={kind} data-label={t(kind)} className="sm:text-end">
                        {exact(model[`${kind}Micros`])}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <div className="mt-4 grid max-w-[40rem] gap-1 text-muted text-sm">
            <p>{t('exact')}</p>
            {kinds.cacheRead && <p>{t('cacheReadIs')}</p>}
            {kinds.reasoning && <p>{t('reasoningIs')}</p>}
            {kinds.request && <p>{t('requestIs')}</p>}
          </div>
        </>
      )}
    </section>
  )
}
