package ccproxy.command;

import ccproxy.claude.RecordedTrace;
import ccproxy.observe.Log;
import ccproxy.observe.TraceFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// `replay`: traced requests are asked again, each through a server of its own whose Claude answers
/// as recorded, and what then differs is told: what Claude is asked, and what the client gets.
final class ReplayCommand {
    /// A trace is a folder with this file in it.
    private static final String HEAD = "request.json";

    private final Surroundings surroundings;
    private final Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);

    private enum Verdict {
        SAME,
        DIFFERENT,
        SKIPPED,
        UNREADABLE
    }

    ReplayCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /// Replays the traces in these folders, each a trace or a folder of traces.
    ///
    /// @return [ExitCode#FAILED] when something differs
    /// @throws CommandException when there is nothing to replay, or something that cannot be read
    ///   and nothing that differs
    ExitCode run(List<String> folders) {
        if (folders.isEmpty()) {
            String message = "replay: expected DIR, found nothing; for example: ccproxy replay DIR";
            throw new CommandException(ExitCode.USAGE, message);
        }
        var traces = new ArrayList<Path>();
        for (String folder : folders) traces.addAll(traces(folder));
        // The server's own lines are of no use here, but for what it did not expect.
        Log.Output before = Log.configure(Log.Level.ERROR, Log.Format.TEXT, surroundings.err());
        try {
            traces.forEach(this::replay);
        } finally {
            Log.configure(before);
        }
        var words = new ArrayList<String>();
        counts.forEach((verdict, count) -> words.add(count + " " + text(verdict)));
        surroundings.out().println(String.join(", ", words));
        if (counts.containsKey(Verdict.DIFFERENT)) return ExitCode.FAILED;
        return counts.containsKey(Verdict.UNREADABLE) ? ExitCode.USAGE : ExitCode.OK;
    }

    private List<Path> traces(String name) {
        try {
            Path folder = surroundings.folder().resolve(name);
            if (Files.exists(folder.resolve(HEAD))) return List.of(folder);
            try (Stream<Path> inside = Files.list(folder)) {
                List<Path> traces = inside.filter(ReplayCommand::isTrace).sorted().toList();
                if (!traces.isEmpty()) return traces;
            }
        } catch (IOException | UncheckedIOException | InvalidPathException _) {
            // There is none.
        }
        String message =
                "replay: expected the folder of a trace, or of traces (trace.dir), found '%s'";
        throw new CommandException(ExitCode.USAGE, message.formatted(name));
    }

    private static boolean isTrace(Path folder) {
        if (!Files.isDirectory(folder)) return false;
        return TraceFolder.isTrace(folder.getFileName().toString())
                || Files.exists(folder.resolve(HEAD));
    }

    private void replay(Path folder) {
        String name = folder.toAbsolutePath().normalize().getFileName().toString();
        RecordedTrace trace;
        try {
            trace = RecordedTrace.read(folder);
            name += " " + trace.method() + " " + trace.target();
            if (!trace.obstacle().isEmpty()) {
                tell(Verdict.SKIPPED, name, List.of(trace.obstacle()));
                return;
            }
            List<String> differences = new Replay(trace).differences();
            tell(differences.isEmpty() ? Verdict.SAME : Verdict.DIFFERENT, name, differences);
        } catch (IllegalArgumentException | CommandException e) {
            tell(Verdict.UNREADABLE, name, List.of(String.valueOf(e.getMessage())));
        }
    }

    private void tell(Verdict verdict, String name, List<String> lines) {
        counts.merge(verdict, 1, Integer::sum);
        print(name + ": " + text(verdict));
        for (String line : lines) print("  " + line);
    }

    /// A trace may come from a stranger: nothing in it is a command to the terminal.
    private void print(String line) {
        surroundings.out().println(line.replaceAll("\\p{Cc}", "?"));
    }

    private static String text(Verdict verdict) {
        return verdict.name().toLowerCase(Locale.ROOT);
    }
}
