import type { ReactNode } from 'react'
import { ClientMessages } from '#app/_server/messages.tsx'

export default function PeopleLayout({ children }: { children: ReactNode }) {
  return <ClientMessages namespaces={['admin', 'adminPeople']}>{children}</ClientMessages>
}
