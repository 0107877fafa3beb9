package ccproxy.claude;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The variables of a CLI process: what it needs of the user's own, and the switches that make it a
/// plain model. Nothing else of ours is passed on.
final class CliEnvironment {
    private static final Set<String> PASSED =
            Set.of(
                    // Who and where the user is: the login is found from here, by the CLI alone.
                    "HOME",
                    "PATH",
                    "USER",
                    "LOGNAME",
                    "SHELL",
                    "LANG",
                    "LANGUAGE",
                    "TZ",
                    "CLAUDE_CONFIG_DIR",
                    "XDG_CONFIG_HOME",
                    "XDG_RUNTIME_DIR",
                    "DBUS_SESSION_BUS_ADDRESS",
                    // The CLI's own credentials and upstream.
                    "ANTHROPIC_API_KEY",
                    "ANTHROPIC_AUTH_TOKEN",
                    "ANTHROPIC_BASE_URL",
                    "ANTHROPIC_CUSTOM_HEADERS",
                    "CLAUDE_CODE_OAUTH_TOKEN",
                    "CLOUD_ML_REGION",
                    // How it reaches it.
                    "HTTP_PROXY",
                    "HTTPS_PROXY",
                    "ALL_PROXY",
                    "NO_PROXY",
                    "NODE_EXTRA_CA_CERTS",
                    "SSL_CERT_FILE",
                    "SSL_CERT_DIR",
                    // What Windows programs cannot start without.
                    "SYSTEMROOT",
                    "USERPROFILE",
                    "APPDATA",
                    "LOCALAPPDATA",
                    "COMSPEC",
                    "PATHEXT");

    /// Families: locale, clouds that serve Claude, client certificates, privacy switches.
    private static final List<String> PASSED_PREFIXES =
            List.of(
                    "LC_",
                    "AWS_",
                    "GOOGLE_",
                    "AZURE_",
                    "VERTEX_REGION_",
                    "ANTHROPIC_BEDROCK_",
                    "ANTHROPIC_VERTEX_",
                    "ANTHROPIC_FOUNDRY_",
                    "CLAUDE_CODE_USE_",
                    "CLAUDE_CODE_SKIP_",
                    "CLAUDE_CODE_CLIENT_",
                    "DISABLE_TELEMETRY",
                    "DISABLE_ERROR_REPORTING");

    /// The CLI's floor (`spec: 2.1.330`); below it the value is ignored.
    private static final Duration IDLE_MIN = Duration.ofSeconds(10);

    private CliEnvironment() {}

    /// {@return what of the user's variables the CLI may see}
    static Map<String, String> passed(Map<String, String> own) {
        var passed = new TreeMap<String, String>();
        own.forEach((name, value) -> {
            String upper = name.toUpperCase(Locale.ROOT);
            boolean isPassed =
                    PASSED.contains(upper) || PASSED_PREFIXES.stream().anyMatch(upper::startsWith);
            if (isPassed) passed.put(name, value);
        });
        return passed;
    }

    /// {@return the variables of a process}
    ///
    /// @param temporary its private folder for temporary files
    /// @param isPlain whether it is to be the model alone
    static Map<String, String> of(ClaudeSettings settings, Path temporary, boolean isPlain) {
        Map<String, String> set = passed(settings.cli().environment());
        set.put("TMPDIR", temporary.toString());
        set.put("CLAUDE_CODE_TMPDIR", temporary.toString());
        set.put("TEMP", temporary.toString());
        // One policy of retries, and it is none: a failure comes at once and plain.
        set.put("CLAUDE_CODE_MAX_RETRIES", "0");
        set.put("CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", "1");
        // A client's text must not make the CLI read files.
        set.put("CLAUDE_CODE_DISABLE_ATTACHMENTS", "1");
        set.put("DISABLE_AUTOUPDATER", "1");
        set.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
        set.put("API_TIMEOUT_MS", Long.toString(settings.firstEventTimeout().toMillis()));
        Duration idle = settings.idleTimeout();
        set.put(
                "CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS",
                Long.toString((idle.compareTo(IDLE_MIN) < 0 ? IDLE_MIN : idle).toMillis()));
        if (isPlain) plainModel(set);
        return set;
    }

    /// What the CLI would add to a request of its own accord, and a client did not ask for.
    private static void plainModel(Map<String, String> set) {
        set.put("CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS", "1");
        set.put("DISABLE_INTERLEAVED_THINKING", "1");
        // The user's own choice for terminals, and the CLI's.
        set.put("CLAUDE_CODE_EFFORT_LEVEL", "unset");
        set.put("DISABLE_PROMPT_CACHING", "1");
        set.put("DISABLE_COMPACT", "1");
        set.put("DISABLE_AUTO_COMPACT", "1");
    }
}
