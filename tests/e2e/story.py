"""Tests that take seconds by their nature: all that were chosen run at the same time, each in a thread, and each is a test.

    STORIES = Stories(make)             make(program, root) gives a story what it needs, with close()

    @STORIES.add
    def life(made): …

    @pytest.mark.parametrize("name", STORIES.names())
    def test_story(request, program, tmp_path_factory, name):
        STORIES.tell(request, program, tmp_path_factory, name)
"""

import concurrent.futures


class Stories:
    def __init__(self, make):
        self.make, self.works, self.begun = make, {}, {}

    def add(self, work):
        self.works[work.__name__] = work
        return work

    def names(self):
        return sorted(self.works)

    def run(self, name, program, root):
        made = self.make(program, root)
        try:
            self.works[name](made)
        finally:
            made.close()

    def tell(self, request, program, tmp_path_factory, name):
        """Waits for one; the first begins all that were chosen for that program."""
        if program not in self.begun:
            chosen = {item.callspec.params["name"] for item in request.session.items
                      if item.path == request.node.path and item.originalname == request.node.originalname}
            pool = concurrent.futures.ThreadPoolExecutor(len(self.works))
            self.begun[program] = {one: pool.submit(self.run, one, program, tmp_path_factory.mktemp(one))
                                   for one in sorted(chosen)}
            pool.shutdown(wait=False)
        self.begun[program][name].result()
