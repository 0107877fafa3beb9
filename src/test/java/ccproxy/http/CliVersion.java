package ccproxy.http;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;

/// The real CLI's versions that tests run with; `scripts/test` says where they are.
enum CliVersion {
    NEWEST,
    OLDEST;

    private static final boolean ALL = Boolean.getBoolean("claude.cli.all");

    /// {@return the program}; who asks is skipped where there is none
    String path() {
        String property = "claude.cli." + name().toLowerCase(java.util.Locale.ROOT);
        String path = System.getProperty(property, "");
        assumeTrue(!path.isEmpty(), "no real Claude Code CLI: -D" + property + " is not set");
        return Path.of(path).toAbsolutePath().toString();
    }

    /// Leaves a case to the newest version, unless `-Dclaude.cli.all=true`: an older one starts a
    /// process for each request, and a few cases tell as much.
    void assumeIsQuickOr(boolean isTold) {
        assumeTrue(this == NEWEST || isTold || ALL, "one case of many, told by the newest version");
    }

    /// {@return `many`, or `few` where not all is asked for}
    static int manyOr(int few, int many) {
        return ALL ? many : few;
    }
}
