import type { ReactNode } from 'react'
import { ClientMessages } from '#app/_server/messages.tsx'

export default function PromptsLayout({ children }: { children: ReactNode }) {
  return <ClientMessages namespaces={['admin', 'adminService']}>{children}</ClientMessages>
}
