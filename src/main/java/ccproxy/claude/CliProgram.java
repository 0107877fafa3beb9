package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The `claude` program on this machine: where it is, which version, whether somebody is logged in.
/// None of it costs a token. What was found holds until the file changes.
public final class CliProgram {
    /// The oldest version whose protocol was recorded.
    static final List<Integer> VERSION_MIN = List.of(2, 1, 197);

    /// Seen to keep it; 2.1.197 does not.
    private static final List<Integer> TOLD_HISTORY_KEPT = List.of(2, 1, 330);

    private static final String INSTALL =
            "install it with 'npm install -g @anthropic-ai/claude-code' (or see https://code.claude.com/docs/en/setup), or set sdk.path";

    /// What to do without a login.
    static final String LOG_IN =
            "the Claude Code CLI is not logged in: run 'claude' in a terminal and use /login, or set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN for this server";

    /// A first start on a cold disk takes ten seconds; a login check one.
    private static final int ANSWER_SECONDS = 20;

    private static final Pattern VERSION = Pattern.compile("(\\d{1,9})\\.(\\d{1,9})\\.(\\d{1,9})");

    private final CliSettings settings;
    private Known known = new Known(Path.of(""), FileTime.fromMillis(0), "", "");

    private record Known(Path path, FileTime changed, String version, String problem) {}

    /// What is known of the login.
    ///
    /// @param isLoggedIn whether requests would be sent
    /// @param method in the CLI's words
    public record Login(boolean isLoggedIn, String method) {}

    /// Looks at nothing yet.
    public CliProgram(CliSettings settings) {
        this.settings = settings;
    }

    /// {@return where it is, or an empty list}
    List<Path> find() {
        var candidates = new ArrayList<Path>();
        if (!settings.path().isEmpty()) {
            candidates.add(Path.of(settings.path()));
        } else {
            String path = settings.environment().getOrDefault("PATH", "");
            for (String folder : path.split(File.pathSeparator, -1)) {
                if (!folder.isEmpty()) {
                    candidates.add(Path.of(folder, "claude"));
                    if (File.separatorChar == '\\') candidates.add(Path.of(folder, "claude.exe"));
                }
            }
        }
        return candidates.stream()
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .map(Path::toAbsolutePath)
                .limit(1)
                .toList();
    }

    /// {@return whether there is one, whatever its version}
    public boolean isFound() {
        return !find().isEmpty();
    }

    /// {@return where the usable program is}
    ///
    /// @throws ApiException [ErrorKind#UNAVAILABLE] that says what to do: there is none, it does
    ///   not run, or it is too old
    public Path path() throws InterruptedException {
        Known now = known();
        if (now.problem.isEmpty()) return now.path;
        throw new ApiException(ErrorKind.UNAVAILABLE, now.problem).code("cli_unavailable");
    }

    /// {@return whether a conversation that was told its history still has it after a resume: older
    /// versions keep only what they lived through}
    boolean keepsToldHistory() throws InterruptedException {
        Matcher version = VERSION.matcher(known().version);
        return version.lookingAt() && !isBefore(version, TOLD_HISTORY_KEPT);
    }

    /// {@return its version, such as `2.1.330`, `""` when there is none}
    public String version() throws InterruptedException {
        return known().version;
    }

    /// {@return why it cannot be used and what to do, `""` when it can}
    public String problem() throws InterruptedException {
        return known().problem;
    }

    private synchronized Known known() throws InterruptedException {
        List<Path> found = find();
        if (found.isEmpty()) {
            String where = settings.path().isEmpty() ? "on the PATH" : "at " + settings.path();
            return new Known(
                    Path.of(""),
                    FileTime.fromMillis(0),
                    "",
                    "no Claude Code CLI " + where + ": " + INSTALL);
        }
        Path path = found.getFirst();
        FileTime changed = changed(path);
        if (path.equals(known.path) && changed.equals(known.changed)) return known;
        String said = run(path, "--version").out();
        Matcher version = VERSION.matcher(said);
        if (!version.lookingAt()) {
            // Not remembered: it may have been a machine too busy to answer.
            return new Known(path, changed, "", "'" + path + " --version' did not say a version");
        }
        known = new Known(path, changed, version.group(), problem(version, path));
        return known;
    }

    private static String problem(Matcher version, Path path) {
        if (!isBefore(version, VERSION_MIN)) return "";
        return "the Claude Code CLI at "
                + path
                + " is version "
                + version.group()
                + ": expected 2.1.197 or newer; update it with 'claude update'";
    }

    private static boolean isBefore(Matcher version, List<Integer> other) {
        for (int i = 0; i < other.size(); i++) {
            int order = Integer.compare(Integer.parseInt(version.group(i + 1)), other.get(i));
            if (order != 0) return order < 0;
        }
        return false;
    }

    private static FileTime changed(Path path) {
        try {
            return Files.getLastModifiedTime(path);
        } catch (IOException _) {
            return FileTime.fromMillis(0);
        }
    }

    /// {@return whether somebody is logged in, as `claude auth status` tells}
    public Login login() throws InterruptedException {
        Known now = known();
        if (!now.problem.isEmpty()) return new Login(false, "");
        Ran ran = run(now.path, "auth", "status", "--json");
        try {
            JsonNode told = Json.tree(ran.out());
            String method = told.path("authMethod").asString("");
            return new Login(told.path("loggedIn").asBoolean(ran.code() == 0), method);
        } catch (IllegalArgumentException _) {
            return new Login(ran.code() == 0, "");
        }
    }

    private record Ran(int code, String out) {}

    private Ran run(Path path, String... arguments) throws InterruptedException {
        var command = new ArrayList<String>(List.of(path.toString()));
        command.addAll(List.of(arguments));
        try (CliFolders folders = CliFolders.open()) {
            var builder = new ProcessBuilder(command).directory(folders.work().toFile());
            Map<String, String> environment = CliEnvironment.passed(settings.environment());
            environment.put("TMPDIR", folders.temporary().toString());
            environment.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
            environment.put("DISABLE_AUTOUPDATER", "1");
            builder.environment().clear();
            builder.environment().putAll(environment);
            // A file, not a pipe: nobody has to read it while it runs.
            Path out = folders.temporary().resolve("out");
            builder.redirectOutput(out.toFile()).redirectError(ProcessBuilder.Redirect.DISCARD);
            Process process = builder.start();
            process.getOutputStream().close();
            if (!process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                return new Ran(1, "");
            }
            return new Ran(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8));
        } catch (IOException _) {
            return new Ran(1, "");
        }
    }
}
