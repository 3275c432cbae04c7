export { emailField, nameField } from './shared.ts'
export {
  createUser,
  disableUser,
  enableUser,
  findUserByEmail,
  getUser,
  listUsers,
  revokeAccessOf,
  setRole,
  type User,
  updateProfile,
  updateProfileInput,
} from './users.ts'
