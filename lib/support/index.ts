export { createPerson, createPersonInput } from './create-person.ts'
export { deletePerson, deletePersonInput } from './delete-person.ts'
export {
  exportPeople,
  getPerson,
  listPeople,
  type PeopleFilter,
  type Person,
  type PersonListItem,
} from './people.ts'
