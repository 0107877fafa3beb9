# Sourced by the scripts: where a JDK 25 or newer and Maven are, and the jar that they make. Sets
# JAVA_HOME, and says in one line what is missing.

JDK_MIN=25

# die MESSAGE: ends the script with one line.
die() {
	echo "ccproxy: $1" >&2
	exit 1
}

# Prints the feature version (25) of the JDK in folder $1, from its release file: no JVM is started.
# Nothing if it is no JDK: a run-time environment alone cannot build.
jdk_version() {
	[ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
	sed -n 's/^JAVA_VERSION="\([0-9][0-9]*\).*/\1/p' "$1/release"
}

is_jdk() {
	version=$(jdk_version "$1")
	[ -n "$version" ] && [ "$version" -ge "$JDK_MIN" ]
}

# The JDK that the java on PATH belongs to; a link leads there, possibly through others.
path_jdk() {
	java=$(command -v java) || return 0
	java=$(readlink -f "$java" 2>/dev/null) || return 0
	dirname "$(dirname "$java")"
}

# Sets and exports JAVA_HOME, to itself if it will do.
find_jdk() {
	for jdk in "${JAVA_HOME:-}" /usr/lib/jvm/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
		/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
		/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
		"${HOME:-}"/.sdkman/candidates/java/* "$(path_jdk)"; do
		if [ -n "$jdk" ] && is_jdk "$jdk"; then
			export JAVA_HOME="$jdk"
			return 0
		fi
	done
	die "no JDK $JDK_MIN or newer found (JAVA_HOME, the system's JVM folders, sdkman, PATH); install one: $(
		advice "sudo apt install openjdk-25-jdk-headless, or where that is unknown https://adoptium.net/installation/linux" \
			"sudo dnf install java-25-openjdk-devel" "brew install --cask temurin@25"
	)"
}

# Sets MVN, and keeps Maven's own libraries from warning about the JDK they run on.
find_maven() {
	for mvn in "$(command -v mvn)" "${MAVEN_HOME:+$MAVEN_HOME/bin/mvn}" /opt/homebrew/bin/mvn \
		"${HOME:-}/.sdkman/candidates/maven/current/bin/mvn"; do
		if [ -x "$mvn" ]; then
			MVN=$mvn
			export MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow -Djansi.mode=strip"
			return 0
		fi
	done
	die "no Maven found, which builds it; install it: $(
		advice "sudo apt install maven" "sudo dnf install maven" "brew install maven"
	)"
}

# Builds the jar of the folder $root if there is none. All to stderr: stdout is the program's.
build_jar() {
	jar=$root/target/ccproxy.jar
	if [ ! -f "$jar" ]; then
		find_maven
		echo "ccproxy: building $jar" >&2
		# A build that was cut off leaves a jar that does not run.
		trap 'rm -f "$jar"; exit 1' HUP INT TERM
		"$MVN" -f "$root/pom.xml" -q -B -ntp -Dmaven.test.skip -Djacoco.skip -Dspotless.check.skip \
			package >&2 || {
			rm -f "$jar"
			die "the build failed; what it said is above"
		}
		trap - HUP INT TERM
	elif [ -n "$(find "$root/pom.xml" "$root/src/main" -newer "$jar" -type f 2>/dev/null | head -n 1)" ]; then
		echo "ccproxy: target/ccproxy.jar is older than its sources; to build it anew, delete it" >&2
	fi
}

# advice DEBIAN FEDORA MACOS: prints the one for this system, or all of them.
advice() {
	system=$(uname -s)
	# In a subshell: the file sets variables of its own.
	[ -r /etc/os-release ] && system=$(. /etc/os-release && echo "$system ${ID:-} ${ID_LIKE:-}")
	case "$system" in
	Darwin*) echo "$3" ;;
	*debian* | *ubuntu*) echo "$1" ;;
	*fedora* | *rhel*) echo "$2" ;;
	*) echo "Debian/Ubuntu: $1; Fedora: $2; macOS: $3" ;;
	esac
}
