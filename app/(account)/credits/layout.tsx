import type { ReactNode } from 'react'
import { ClientMessages } from '#app/_server/messages.tsx'

export default function CreditsLayout({ children }: { children: ReactNode }) {
  return <ClientMessages namespaces={['credits', 'orders', 'receipt']}>{children}</ClientMessages>
}
