# mirrornsctl(8) completion for bash
_mirrornsctl() {
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb= i
	local globals='-s --config --json --help --version'
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --config | --for | --why) ((i++)) ;;
		-*) ;;
		*) verb=${verb:-${COMP_WORDS[i]}} ;;
		esac
	done
	case $before in
	-s | --config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--for)
		mapfile -t COMPREPLY < <(compgen -W '30m 2h 12h 1d' -- "$current")
		return
		;;
	--why) return ;;
	esac
	local words=
	case $verb in
	'') words="status explain pools pings diff reload drain undrain stats $globals" ;;
	reload) words='--force --json --help' ;;
	drain) words='--for --why --force --json --help' ;;
	pools) words='--html --json --help' ;;
	stats) words='--watch --json --help' ;;
	*) words='--json --help' ;;
	esac
	if [[ $verb == diff && $current != -* ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
	fi
	[[ -n $verb && $current != -* ]] || mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _mirrornsctl mirrornsctl
