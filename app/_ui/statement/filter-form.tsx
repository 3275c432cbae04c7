import { Download } from 'lucide-react'
import Form from 'next/form'
import { useTranslations } from 'next-intl'
import { Button, buttonClass } from '#app/_ui/button.tsx'
import { Input } from '#app/_ui/input.tsx'
import { Select } from '#app/_ui/select.tsx'
import { type Filter, PERIODS } from '#app/_ui/statement/filter.ts'
import { CSV_COLUMNS } from '#app/api/statement/csv/lines.ts'
import { STATEMENT_KINDS } from '#lib/inference/shared.ts'

type FilterFormProps = {
  /** Where the statement is shown. */
  path?: string
  filter: Filter
  models: readonly { modelId: string; modelName: string }[]
  csvHref: string
}

/** Narrows the statement by address alone, so that it works without a script and can be kept as a bookmark. */
export function FilterForm({ path = '/credits', filter, models, csvHref }: FilterFormProps) {
  const t = useTranslations('credits.filter')
  const csv = useTranslations('credits.csv')
  const isListed = filter.modelId === null || models.some(({ modelId }) => modelId === filter.modelId)
  return (
    <div className="mt-3 grid gap-3">
      {/* The fields take their values anew with each filter, also when it came by a link. */}
      <Form
        action={`${path}#statement`}
        scroll={false}
        key={JSON.stringify(filter)}
        className="group flex flex-wrap items-end gap-2 max-sm:grid max-sm:grid-cols-2"
      >
        <Select id="kind" label={t('kind')} defaultValue={filter.kind}>
          {STATEMENT_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {t(`kinds.${kind}`)}
            </option>
          ))}
        </Select>
        <div className="min-w-0 sm:max-w-48">
          <Select id="model" label={t('model')} defaultValue={filter.modelId ?? ''}>
            <option value="">{t('allModels')}</option>
            {!isListed && <option value={filter.modelId!}>{filter.modelId}</option>}
            {models.map(({ modelId, modelName }) => (
              <option key={modelId} value={modelId}>
                {modelName}
              </option>
            ))}
          </Select>
        </div>
        <Select id="period" label={t('period')} defaultValue={filter.period}>
          {PERIODS.map((period) => (
            <option key={period} value={period}>
              {t(`periods.${period}`)}
            </option>
          ))}
        </Select>
        <div className="hidden gap-2 group-has-[option[value=custom]:checked]:flex max-sm:col-span-2 max-sm:grid-cols-2 max-sm:group-has-[option[value=custom]:checked]:grid">
          <DateField id="from" label={t('from')} value={filter.from} />
          <DateField id="to" label={t('to')} value={filter.to} />
        </div>
        <Button type="submit" size="small" className="h-9 max-sm:self-end">
          {t('show')}
        </Button>
      </Form>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-sm">
        <details className="max-sm:order-last max-sm:w-full">
          <summary className="inline-flex items-center text-muted text-xs underline underline-offset-4 hover:text-ink touch:min-h-11">
            {csv('explain')}
          </summary>
          <dl className="mt-2 grid gap-x-4 gap-y-1 text-xs sm:grid-cols-[auto_1fr]">
            {CSV_COLUMNS.map((column) => (
              <div key={column} className="contents">
                <dt className="font-mono">{column}</dt>
                <dd className="mb-1 text-muted sm:mb-0">{csv(`columns.${column}`)}</dd>
              </div>
            ))}
          </dl>
        </details>
        <a href={csvHref} download className={buttonClass('quiet', 'small', 'ms-auto -me-2.5')}>
          <Download className="size-4" aria-hidden="true" />
          {csv('download')}
        </a>
      </div>
    </div>
  )
}

function DateField({ id, label, value }: { id: string; label: string; value: string | null }) {
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="text-muted text-xs">
        {label}
      </label>
      <Input
        id={id}
        name={id}
        type="date"
        defaultValue={value ?? ''}
        className="h-9! px-2.5! text-sm! touch:h-11! touch:text-base!"
      />
    </div>
  )
}
