"""Questions and claims over a folder of pages: the environment that HotpotQA and FEVER share.

`environment.DocstoreEnv` answers Search, Lookup and Finish over a `store.Docstore`; `wiki/` draws the
synthetic encyclopedia that ships with nimue, `page_files` reads other people's.
"""
