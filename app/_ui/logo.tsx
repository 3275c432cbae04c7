'use client'

import { useSite } from '#app/_ui/site.tsx'

/** The operator's mark, or ours: a wave that leaves its frame, behaviour no standard defines. */
export function Logo({ className = 'size-7' }: { className?: string }) {
  const { logo } = useSite()
  // biome-ignore lint/performance/noImgElement: a small picture that a browser keeps for good.
  if (logo) return <img src={logo} alt="" className={`rounded-md object-contain ${className}`} />
  return (
    <svg viewBox="0 0 28 28" className={className} aria-hidden="true">
      <rect width="28" height="28" rx="8" fill="var(--accent)" />
      <path
        d="M7.5 8v7.2a4.6 4.6 0 0 0 9.2 0v-2.4a2.4 2.4 0 0 1 4.8 0V20"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
