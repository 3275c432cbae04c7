import type { Starter } from '#lib/prompts/index.ts'

/** What the operator offers to begin with: pressing one fills the box. The presses are heard by the screen around it. */
export function Starters({ starters, label }: { starters: readonly Starter[]; label: string }) {
  if (starters.length === 0) return null
  return (
    <ul aria-label={label} className="needs-script mt-6 grid gap-2 sm:grid-cols-2">
      {starters.map(({ id, title, text }) => (
        <li key={id} className="min-w-0">
          <button
            type="button"
            data-starter={text}
            className="flex h-full min-h-11 w-full items-center rounded-xl border border-line bg-raised px-3.5 py-2.5 text-start text-sm transition-colors duration-150 [overflow-wrap:anywhere] hover:border-line-strong hover:bg-soft"
          >
            {title}
          </button>
        </li>
      ))}
    </ul>
  )
}
