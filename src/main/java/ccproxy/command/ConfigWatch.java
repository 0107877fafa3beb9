package ccproxy.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;

/// Looks whether a settings file has changed, come or gone, by its time, size and identity: editors
/// and `ConfigMap`s put another file in its place, which a watch of the file itself would miss. A
/// change is told when it is a look old, so that a file is not read while it is being written. For
/// one thread.
final class ConfigWatch {
    /// So soon a change is looked for; it costs a `stat` each.
    static final Duration EVERY = Duration.ofSeconds(1);

    private final List<Path> places;
    private List<String> known;
    private List<String> seen;

    /// @param places where a settings file is looked for, there or not
    ConfigWatch(List<Path> places) {
        this.places = places;
        this.known = look();
        this.seen = known;
    }

    /// {@return whether it has changed since it was last told}; to be asked every [#EVERY].
    boolean hasChanged() {
        List<String> before = seen;
        seen = look();
        if (seen.equals(known) || !seen.equals(before)) return false;
        known = seen;
        return true;
    }

    /// Says that it is read now, for another reason.
    void isRead() {
        known = look();
        seen = known;
    }

    private List<String> look() {
        return places.stream().map(ConfigWatch::stamp).toList();
    }

    private static String stamp(Path place) {
        try {
            var file = Files.readAttributes(place, BasicFileAttributes.class);
            return file.lastModifiedTime() + " " + file.size() + " " + file.fileKey();
        } catch (IOException _) {
            return "";
        }
    }
}
