import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { PromptButton } from '#app/admin/prompts/prompt-button.tsx'
import { PromptRow } from '#app/admin/prompts/prompt-row.tsx'
import { LOCALES } from '#lib/i18n/index.ts'
import { listSitePrompts, type SitePrompt } from '#lib/prompts/index.ts'
import { STARTERS_MAX } from '#lib/prompts/shared.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminService.prompts'))('title') }
}

export default async function PromptsPage() {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const [t, prompts] = await Promise.all([getTranslations('adminService.prompts'), listSitePrompts(ctx)])
  const shown = shownIds(prompts)
  return (
    <>
      <PageHead title={t('title')} hint={t('hint')}>
        <PromptButton />
      </PageHead>
      <p className="mt-2 text-muted text-sm">
        {t.rich('systemPrompt', {
          link: (words) => (
            <Link
              href="/admin/settings#answers"
              prefetch={false}
              className="underline underline-offset-4 hover:text-ink touch:inline-flex touch:min-h-11 touch:items-center"
            >
              {words}
            </Link>
          ),
        })}
      </p>
      {prompts.length === 0 ? (
        <p className="mt-6 text-muted text-sm">{t('empty')}</p>
      ) : (
        <ol className="mt-5 grid max-w-3xl gap-2">
          {prompts.map((prompt, index) => (
            <PromptRow
              key={prompt.id}
              prompt={prompt}
              isFirst={index === 0}
              isLast={index === prompts.length - 1}
              isShown={shown.has(prompt.id)}
            />
          ))}
        </ol>
      )}
    </>
  )
}

/** Those that some reader sees: the first of each language. */
function shownIds(prompts: readonly SitePrompt[]): Set<string> {
  const visible = prompts.filter((prompt) => prompt.visible)
  return new Set(
    LOCALES.flatMap((locale) =>
      visible
        .filter((prompt) => prompt.locale === null || prompt.locale === locale)
        .slice(0, STARTERS_MAX)
        .map((prompt) => prompt.id),
    ),
  )
}
