# Sourced by scripts/install and scripts/uninstall: the flags that both take, and where things are.
# Every path is as the installed program sees it; on this disk $DESTDIR is before it.

scope=user
prefix=
DESTDIR=${DESTDIR:-}

# wrong MESSAGE: ends the script with one line about how it was called.
wrong() {
	echo "ccproxy: $1" >&2
	exit 2
}

# scope_flag FLAG [NEXT]: takes one of the common flags; says in $taken how many words it was.
scope_flag() {
	taken=1
	case $1 in
	--user | --system) scope=${1#--} ;;
	--prefix=*) prefix=${1#*=} ;;
	--prefix)
		[ $# -gt 1 ] || wrong "--prefix: expected a folder, found nothing"
		prefix=$2
		taken=2
		;;
	*) wrong "unknown flag $1: expected $flags" ;;
	esac
}

# xdg NAME DEFAULT: the folder that the variable NAME names; one that is not absolute does not count
# (XDG Base Directory Specification).
xdg() {
	eval "value=\${$1:-}"
	case $value in
	/*) echo "$value" ;;
	*) echo "$2" ;;
	esac
}

# Ends the script if a unit, or the list of files, could not take the path $1 as it is.
check_path() {
	case $1 in
	*[[:space:]\"\'\\%\$\|\&]*) die "expected a path without spaces, quotes and \\ % \$ | &, found '$1'" ;;
	esac
}

# Sets where everything is.
find_places() {
	case $scope in
	user)
		case ${HOME:-} in /*) ;; *) die "HOME: expected an absolute path, found '${HOME:-}'" ;; esac
		check_path "$HOME"
		prefix=${prefix:-$HOME/.local}
		share=$(xdg XDG_DATA_HOME "$HOME/.local/share")
		bash_completion=${BASH_COMPLETION_USER_DIR:-$share/bash-completion}/completions/ccproxy
		units=$(xdg XDG_CONFIG_HOME "$HOME/.config")/systemd/user
		# As the program has it.
		config=$HOME/.config/ccproxy
		state=$(xdg XDG_STATE_HOME "$HOME/.local/state")/ccproxy
		;;
	system)
		prefix=${prefix:-/usr/local}
		share=$prefix/share
		bash_completion=$share/bash-completion/completions/ccproxy
		# Where systemd looks, and an administrator's own file in /etc is first.
		case $prefix in
		/usr | /usr/local) units=$prefix/lib/systemd/system ;;
		*) units=/etc/systemd/system ;;
		esac
		config=/etc/ccproxy
		state=/var/lib/ccproxy
		;;
	esac
	prefix=${prefix%/}
	case $prefix in
	/*) ;;
	*) wrong "--prefix: expected an absolute path, found '$prefix'" ;;
	esac
	check_path "$prefix"
	check_path "$units"
	lib=$prefix/lib/ccproxy
	bin=$prefix/bin/ccproxy
	unit=$units/ccproxy.service
	run_as_conf=$units/ccproxy.service.d/10-run-as.conf
	zsh_completion=$share/zsh/site-functions/_ccproxy
	fish_completion=$share/fish/vendor_completions.d/ccproxy.fish
	# What install wrote, for uninstall: "file PATH", "folder PATH", "group NAME", a line each.
	manifest=$lib/installed
	[ $scope = user ] || [ -n "$DESTDIR" ] || [ "$(id -u)" = 0 ] ||
		die "--system needs root, or DESTDIR; for yourself alone leave it out"
}

# control ARGUMENT...: systemctl for this scope.
control() {
	if [ $scope = user ]; then systemctl --user "$@"; else systemctl "$@"; fi
}

# Whether a systemd of this scope runs here.
has_systemd() {
	[ -z "$DESTDIR" ] && command -v systemctl >/dev/null || return 1
	[ $scope = user ] || [ -d /run/systemd/system ] || return 1
	control show-environment >/dev/null 2>&1
}

# is_used FOLDER: whether a process runs from there, as far as this user can see. Without /proc
# nobody knows.
is_used() {
	used=$(cd "$1" && pwd -P) || return 1
	ls -l /proc/[0-9]*/exe /proc/[0-9]*/fd 2>/dev/null | grep -qF -- "-> $used/"
}

# Those of the installed folders that are whole, without $DESTDIR.
versions() {
	for each in "$DESTDIR$lib"/*/; do
		each=${each%/}
		[ ! -f "$each/bin/ccproxy" ] || echo "${each#"$DESTDIR"}"
	done
}
