"""What quantci says on GitHub, GitHub Enterprise, Gitea and Forgejo: the comment, the summary, the annotations."""
