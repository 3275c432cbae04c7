'use client'

import { CircleAlert, CircleCheck } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { formatSeconds } from '#app/_ui/receipt/format-seconds.ts'
import { useVendorFault } from '#app/admin/channels/_models/vendor-fault.ts'
import type { ChannelTest } from '#lib/inference/shared.ts'
import { formatCredits } from '#lib/money.ts'

/** How a real call went, for each key that was tried. */
export function TestOutcome({ outcome }: { outcome: ChannelTest }) {
  const t = useTranslations('adminModels.test')
  const locale = useLocale()
  const faultText = useVendorFault()
  return (
    <ul className="grid gap-2">
      {outcome.keys.map((test) => (
        <li
          key={test.keyId}
          className={`flex items-start gap-3 rounded-xl px-4 py-3 text-sm ${test.ok ? 'bg-success-soft' : 'bg-danger-soft'}`}
        >
          {test.ok ? (
            <CircleCheck className="mt-0.5 size-4 shrink-0 text-success" aria-hidden="true" />
          ) : (
            <CircleAlert className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden="true" />
          )}
          <div className="min-w-0 flex-1">
            <p className="figures">
              {test.ok
                ? t('ok', {
                    model: outcome.modelId,
                    seconds: formatSeconds(test.firstTokenMs ?? test.durationMs, locale),
                  })
                : faultText({ code: test.errorCode ?? 'vendor_failed', params: {} })}
              {test.httpStatus !== null && ` (HTTP ${test.httpStatus})`}
            </p>
            <p className="figures mt-0.5 break-words text-muted text-xs">
              {outcome.keys.length > 1 && `${t('key', { hint: test.hint })} · `}
              {test.answer && `“${test.answer.trim()}” · `}
              {test.vendorCostMicros !== null && t('cost', { cost: formatCredits(test.vendorCostMicros, locale) })}
            </p>
          </div>
        </li>
      ))}
    </ul>
  )
}
