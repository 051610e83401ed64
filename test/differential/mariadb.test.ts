import { describeDifferential } from './differential.ts'

describeDifferential('mariadb')
