import { getTranslations } from 'next-intl/server'
import { renderMarkdown } from '#app/_ui/markdown/server.ts'
import { textLanguage } from '#app/_ui/text-language.ts'

/** A page of the operator's own words, in Markdown; it has our heading where they begin with none of their own. */
export async function OperatorText({ title, text }: { title: string; text: string }) {
  const t = await getTranslations('front.markdown')
  const labels = { copy: t('copy'), code: t('code'), table: t('table'), footnotes: t('footnotes') }
  const html = await renderMarkdown(text, labels, 'text')
  return (
    <article className="max-w-column">
      {/^# /.test(text) || <h1 className="mb-6 font-semibold text-2xl">{title}</h1>}
      <div
        className="markdown [&_.code-copy]:hidden [&_h1]:text-2xl"
        lang={textLanguage(text)}
        // biome-ignore lint/security/noDangerouslySetInnerHtml: HTML of our own pipeline, which lets no markup through.
        dangerouslySetInnerHTML={{ __html: html }}
      />
    </article>
  )
}
